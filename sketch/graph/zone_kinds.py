"""Names of control flow on the canvas: the groups of If, Loop and Scan, and the markers inside of them."""

from __future__ import annotations

from collections.abc import Mapping

DOMAIN = "sketch.zone"
LOOP_START, LOOP_END = f"{DOMAIN}:LoopStart", f"{DOMAIN}:LoopEnd"
SCAN_START, SCAN_END = f"{DOMAIN}:ScanStart", f"{DOMAIN}:ScanEnd"
IF_END = f"{DOMAIN}:IfEnd"
IF, THEN, ELSE, LOOP, SCAN = "If", "Then", "Else", "Loop", "Scan"
ENDS: Mapping[str, str] = {IF: IF_END, LOOP: LOOP_END, SCAN: SCAN_END}
STARTS: Mapping[str, str] = {LOOP: LOOP_START, SCAN: SCAN_START}
MARKERS = frozenset((*ENDS.values(), *STARTS.values()))
BRANCHES: Mapping[str, str] = {"then_branch": THEN, "else_branch": ELSE}
"""Attribute of an ONNX If -> kind of the group that is its graph."""
