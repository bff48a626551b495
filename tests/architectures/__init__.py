"""Architectures of timm, transformers and torchvision, with random weights: what people really open."""
