"""Random programs of views and changes in place, replayed."""

import pytest
import torch

from sketch.kernels.pytorch.capture import capture
from tests.kernels.pytorch.capture.programs import Program
from tests.kernels.pytorch.capture.replay import replay


@pytest.mark.parametrize("seed", range(30))
def test_a_program_of_views_and_changes_is_replayed(seed: int) -> None:
    module = Program(seed)
    captured = capture(module, (torch.randn(3, 4),))
    for batch in (3, 6) if captured.batch else (3,):
        x = torch.randn(batch, 4, generator=torch.Generator().manual_seed(seed))
        wanted = module.eval()(x.clone())
        got = replay(captured.graph_module, [x], batch)
        for one, other in zip(got, wanted, strict=True):
            torch.testing.assert_close(one, other)
