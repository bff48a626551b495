"""Regions of interest, the choice of boxes, and images from files (refused)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def roi_align(
    x: Tensor,
    rois: Tensor,
    batch_indices: Tensor,
    *,
    coordinate_transformation_mode: str = "half_pixel",
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Tensor:
    """RoiAlign: every region pooled to one small image, from samples between the pixels."""
    half_pixel = coordinate_transformation_mode == "half_pixel"
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    boxes = rois.to(wide.dtype) * spatial_scale - (0.5 if half_pixel else 0.0)
    extent = boxes[:, 2:] - boxes[:, :2]
    extent = extent if half_pixel else extent.clamp(min=1.0)
    bins = extent / torch.tensor([output_width, output_height], device=x.device)
    counts = bins.ceil().clamp(min=0) if sampling_ratio == 0 else torch.full_like(bins, sampling_ratio)
    pooled = [wide.new_zeros(0, x.shape[1], output_height, output_width)]
    for box, size, image, (across, down) in zip(
        boxes, bins, batch_indices, counts.int().tolist(), strict=True
    ):
        rows = roi_taps(box[1], size[1], output_height, down, x.shape[2])
        columns = roi_taps(box[0], size[0], output_width, across, x.shape[3])
        pooled.append(roi_pooled(wide[image], rows, columns, mode).unsqueeze(0))
    return torch.cat(pooled).to(x.dtype)


def roi_taps(
    start: Tensor, size: Tensor, bins: int, samples: int, length: int
) -> list[tuple[Tensor, Tensor]]:
    """Along one axis: the pixels below and above every sample of every bin, and their weights."""
    step = (torch.arange(samples, device=start.device) + 0.5) / samples
    place = start + (torch.arange(bins, device=start.device).unsqueeze(1) + step) * size
    inside = (place >= -1) & (place <= length)
    place = place.clamp(0, length - 1)
    low = place.floor()
    high = (low + 1).clamp(max=length - 1)
    return [
        (low.to(torch.int64), (1 - (place - low)) * inside),
        (high.to(torch.int64), (place - low) * inside),
    ]


def roi_pooled(
    image: Tensor, rows: list[tuple[Tensor, Tensor]], columns: list[tuple[Tensor, Tensor]], mode: str
) -> Tensor:
    """The mean of the samples of every bin, or the largest weighted pixel among them; 0 where there is none."""
    (bins_down, down), (bins_across, across) = rows[0][0].shape, columns[0][0].shape
    if down * across == 0:
        return image.new_zeros(image.shape[0], bins_down, bins_across)
    corners = torch.stack(
        [
            image[:, row.flatten().unsqueeze(1), column.flatten()] * (high.reshape(-1, 1) * wide.flatten())
            for row, high in rows
            for column, wide in columns
        ]
    )
    samples = corners.sum(0) if mode == "avg" else corners.amax(0)
    samples = samples.reshape(-1, bins_down, down, bins_across, across)
    return samples.mean((2, 4)) if mode == "avg" else samples.amax((2, 4))


def max_roi_pool(
    x: Tensor, rois: Tensor, *, pooled_shape: tuple[int, ...], spatial_scale: float = 1.0
) -> Tensor:
    """MaxRoiPool: the largest element of every bin of every region (whole pixels), 0 where a bin is empty."""
    height, width = x.shape[2:]
    pooled = [x.new_zeros(0, x.shape[1], *pooled_shape)]
    for image, *corners in rois.tolist():
        left, top, right, bottom = (math.floor(place * spatial_scale + 0.5) for place in corners)
        right, bottom = max(right, left), max(bottom, top)
        ends = [-left, right + 1 - width, -top, bottom + 1 - height]
        region = F.pad(x[int(image)], ends, value=-math.inf)
        bins = F.adaptive_max_pool2d(region, pooled_shape)
        pooled.append(torch.where(bins.isneginf(), 0, bins).unsqueeze(0))
    return torch.cat(pooled)


def non_max_suppression(
    boxes: Tensor,
    scores: Tensor,
    max_output_boxes_per_class: Tensor | None = None,
    iou_threshold: Tensor | None = None,
    score_threshold: Tensor | None = None,
    *,
    center_point_box: int = 0,
) -> Tensor:
    """NonMaxSuppression: (image, class, box) of the boxes of every class that overlap no better one too much."""
    limit = 0 if max_output_boxes_per_class is None else int(max_output_boxes_per_class.item())
    threshold = -math.inf if score_threshold is None else score_threshold.item()
    overlap = 0.0 if iou_threshold is None else iou_threshold.item()
    corners = box_corners(boxes, center_point_box)
    chosen = [torch.zeros(0, 3, dtype=torch.int64, device=boxes.device)]
    for image in range(scores.shape[0]):
        for kind in range(scores.shape[1]):
            kept = kept_boxes(corners[image], scores[image, kind], limit, overlap, threshold)
            place = torch.tensor([image, kind], device=boxes.device).expand(len(kept), 2)
            chosen.append(torch.cat([place, kept.unsqueeze(1)], 1))
    return torch.cat(chosen)


def box_corners(boxes: Tensor, center_point_box: int) -> Tensor:
    """Boxes as two corners, the lower one first."""
    if center_point_box:
        half = boxes[..., 2:] / 2
        return torch.cat([boxes[..., :2] - half, boxes[..., :2] + half], -1)
    one, other = boxes[..., :2], boxes[..., 2:]
    return torch.cat([torch.minimum(one, other), torch.maximum(one, other)], -1)


def kept_boxes(corners: Tensor, scores: Tensor, limit: int, overlap: float, threshold: float) -> Tensor:
    """The boxes above the threshold, best first, without those that overlap a better one by more than `overlap`."""
    order = scores.sort(descending=True, stable=True).indices
    order = order[scores[order] > threshold]
    kept = [order[:0]]
    while len(order) and len(kept) <= limit:
        kept.append(order[:1])
        shared = intersection_over_union(corners[order[:1]], corners[order[1:]])
        order = order[1:][~(shared > overlap)]
    return torch.cat(kept)


def intersection_over_union(one: Tensor, others: Tensor) -> Tensor:
    """The shared area of one box with others, as a part of what they cover together."""
    sides = torch.minimum(one[:, 2:], others[:, 2:]) - torch.maximum(one[:, :2], others[:, :2])
    shared = sides.clamp(min=0).prod(1)
    areas = [(box[:, 2:] - box[:, :2]).prod(1) for box in (one, others)]
    return shared / (areas[0] + areas[1] - shared)


def image_decoder(encoded_stream: Tensor, *, pixel_format: str = "RGB") -> Tensor:
    """ImageDecoder: refused, torch reads no image files."""
    raise ValueError("ImageDecoder: torch reads no image files; decode the image before the network")
