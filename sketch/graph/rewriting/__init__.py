"""A drawing after its source was edited: what stayed the same keeps its id, its place and its weights."""

from __future__ import annotations

from sketch.graph.rewriting.pairing import pairs
from sketch.graph.rewriting.rewrite import RewriteError, rewritten
from sketch.graph.rewriting.shown import shown
from sketch.graph.rewriting.unread import drop_unread

__all__ = ["RewriteError", "drop_unread", "pairs", "rewritten", "shown"]
