"""The kinds of files that PyTorch writes: weights, pickled modules, torch.export, TorchScript, Python source."""
