"""Windows, Fourier transforms, the mel scale, and the determinant."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def blackman_window(
    size: Tensor, *, output_datatype: torch.dtype = torch.float32, periodic: int = 1
) -> Tensor:
    """BlackmanWindow: 0.42 - 0.5 cos(a) + 0.08 cos(2 a)."""
    angle = window_angles(size, periodic)
    return (0.42 - 0.5 * angle.cos() + 0.08 * (2 * angle).cos()).to(output_datatype)


def hamming_window(
    size: Tensor, *, output_datatype: torch.dtype = torch.float32, periodic: int = 1
) -> Tensor:
    """HammingWindow: 25/46 - 21/46 cos(a)."""
    return (25 / 46 - 21 / 46 * window_angles(size, periodic).cos()).to(output_datatype)


def hann_window(size: Tensor, *, output_datatype: torch.dtype = torch.float32, periodic: int = 1) -> Tensor:
    """HannWindow: 0.5 - 0.5 cos(a)."""
    return (0.5 - 0.5 * window_angles(size, periodic).cos()).to(output_datatype)


def window_angles(size: Tensor, periodic: int) -> Tensor:
    """One turn in `size` steps (periodic) or in `size - 1` (symmetric), in double precision."""
    count = int(size.item())
    step = torch.arange(count, dtype=torch.float64, device=size.device)
    return step * (2 * math.pi) / (count if periodic else count - 1)


def as_complex(x: Tensor) -> Tensor:
    """The last axis, which holds a real part and perhaps an imaginary one, as one number."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    return x.squeeze(-1) if x.shape[-1] == 1 else torch.complex(x[..., 0], x[..., 1])


def dft(
    input: Tensor,
    dft_length: Tensor | None = None,
    axis: Tensor | None = None,
    *,
    inverse: int = 0,
    onesided: int = 0,
) -> Tensor:
    """DFT: the Fourier transform of one axis; with `onesided` from real numbers, or back to them."""
    x = as_complex(input)
    along = -2 if axis is None else int(axis.item())
    along = along + input.dim() if along < 0 else along
    length = None if dft_length is None else int(dft_length.item())
    if inverse and onesided:
        real: Tensor = torch.fft.irfft(x, length, along)
        return real.unsqueeze(-1).to(input.dtype)
    if inverse:
        y = torch.fft.ifft(x, length, along)
    elif onesided and not x.is_complex():
        y = torch.fft.rfft(x, length, along)
    else:
        y = torch.fft.fft(x, length, along)
        if onesided:
            y = y.narrow(along, 0, y.shape[along] // 2 + 1)
    return torch.view_as_real(y).to(input.dtype)


def stft(
    signal: Tensor,
    frame_step: Tensor,
    window: Tensor | None = None,
    frame_length: Tensor | None = None,
    *,
    onesided: int = 1,
) -> Tensor:
    """STFT: the Fourier transform of every frame of the signal, weighted by the window."""
    x = as_complex(signal)
    length = x.shape[1] if window is None else window.shape[0]
    if frame_length is not None:
        length = int(frame_length.item())
    frames = x.unfold(1, length, int(frame_step.item()))
    if window is not None:
        frames = frames * window
    if onesided and not frames.is_complex():
        y = torch.fft.rfft(frames)
    else:
        y = torch.fft.fft(frames)
        if onesided:
            y = y[..., : length // 2 + 1]
    return torch.view_as_real(y).to(signal.dtype)


def mel_weight_matrix(
    num_mel_bins: Tensor,
    dft_length: Tensor,
    sample_rate: Tensor,
    lower_edge_hertz: Tensor,
    upper_edge_hertz: Tensor,
    *,
    output_datatype: torch.dtype = torch.float32,
) -> Tensor:
    """MelWeightMatrix: one triangle of weight over the frequencies of a DFT for every band of the mel scale."""
    bands, length, rate = int(num_mel_bins.item()), int(dft_length.item()), int(sample_rate.item())
    lowest, highest = (
        2595 * torch.log10(1 + edge.reshape(()).to(torch.float64) / 700)
        for edge in (lower_edge_hertz, upper_edge_hertz)
    )
    step = (highest - lowest) / (bands + 2)
    mel = lowest + torch.arange(bands + 2, dtype=torch.float64, device=lowest.device) * step
    hertz = 700 * (10 ** (mel / 2595) - 1)
    edges = torch.floor((length + 1) * hertz / rate)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    place = torch.arange(length // 2 + 1, dtype=torch.float64, device=lowest.device).unsqueeze(1)
    rising = torch.where(centre > left, (place - left) / (centre - left), place == centre)
    falling = (right - place) / (right - centre)
    weight = torch.where(place <= centre, rising, falling)
    return torch.where((place >= left) & ((place < right) | (place == centre)), weight, 0).to(output_datatype)


def det(x: Tensor) -> Tensor:
    """Det: the determinant of every matrix."""
    y: Tensor = torch.linalg.det(x.to(torch.promote_types(x.dtype, torch.float32)))
    return y.to(x.dtype)
