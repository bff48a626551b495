"""Kernels, one package a framework. Found by entry point; light to import, frameworks load in the worker."""
