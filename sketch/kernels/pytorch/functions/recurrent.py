"""LSTM, GRU and RNN: every gate of the standard, one step after the other, all samples at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

USES_ALPHA = {
    "affine": None,
    "leakyrelu": 0.01,
    "thresholdedrelu": 1.0,
    "scaledtanh": None,
    "hardsigmoid": 0.2,
    "elu": 1.0,
}
USES_BETA = {"affine": None, "scaledtanh": None, "hardsigmoid": 0.5}


def gate_function(name: str, alpha: float, beta: float) -> Callable[[Tensor], Tensor]:
    """The activation function of this name (in lower case)."""
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "relu": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softsign": F.softsign,
        "softplus": F.softplus,
        "affine": lambda x: alpha * x + beta,
        "leakyrelu": lambda x: F.leaky_relu(x, alpha),
        "thresholdedrelu": lambda x: torch.where(x >= alpha, x, 0),
        "scaledtanh": lambda x: alpha * torch.tanh(beta * x),
        "hardsigmoid": lambda x: torch.clamp(alpha * x + beta, 0, 1),
        "elu": lambda x: F.elu(x, alpha),
    }
    if name not in functions:
        raise ValueError(f"activation {name} of a recurrent operator")
    return functions[name]


def gate_functions(
    names: tuple[str, ...], alphas: tuple[float, ...], betas: tuple[float, ...], clip: float | None
) -> list[Callable[[Tensor], Tensor]]:
    """The activation functions in order; each takes the next alpha or beta when it uses one."""
    found = []
    next_alpha, next_beta = iter(alphas), iter(betas)
    for given in names:
        name = given.lower()
        alpha = next(next_alpha, USES_ALPHA[name]) if name in USES_ALPHA else 0.0
        beta = next(next_beta, USES_BETA[name]) if name in USES_BETA else 0.0
        if alpha is None or beta is None:
            raise ValueError(f"activation {given} without its alpha and beta")
        found.append(clipped_function(gate_function(name, alpha, beta), clip))
    return found


def clipped_function(function: Callable[[Tensor], Tensor], clip: float | None) -> Callable[[Tensor], Tensor]:
    """The function with its input kept in [-clip, clip]."""
    if clip is None:
        return function
    return lambda x: function(torch.clamp(x, -clip, clip))


def run_steps(
    gates: Tensor,
    states: list[Tensor],
    step: Callable[[Tensor, list[Tensor]], list[Tensor]],
    lengths: Tensor | None,
    reverse: bool,
) -> tuple[Tensor, list[Tensor]]:
    """The hidden state after every step (0 beyond a sample's length), and the last states."""
    hidden: list[Tensor] = []
    order = range(gates.shape[0])
    for time in reversed(order) if reverse else order:
        new = step(gates[time], states)
        shown = new[0]
        if lengths is not None:
            active = (time < lengths).unsqueeze(1)
            shown = torch.where(active, shown, 0)
            new = [torch.where(active, one, old) for one, old in zip(new, states, strict=True)]
        states = new
        hidden.append(shown)
    if not hidden:
        return states[0].new_zeros(0, *states[0].shape), states
    return torch.stack(hidden[::-1] if reverse else hidden), states


def run_directions(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None,
    initial: list[Tensor | None],
    sequence_lens: Tensor | None,
    step_of: Callable[[int, Tensor, Tensor], Callable[[Tensor, list[Tensor]], list[Tensor]]],
    *,
    direction: str,
    layout: int,
    late: int = 0,
) -> list[Tensor]:
    """Y and the last states; step_of gives the step of a direction from its R and the bias that goes with R.

    The gates that a step gets have both biases added; the last `late` of them that of W alone.
    """
    x = x.transpose(0, 1) if layout else x
    outputs, lasts = [], []
    for place in range(w.shape[0]):
        wb, rb = b[place].chunk(2) if b is not None else w.new_zeros(2, w.shape[1])
        states = []
        for state in initial:
            if state is None:
                states.append(x.new_zeros(x.shape[1], r.shape[2]))
            else:
                states.append(state[:, place] if layout else state[place])
        reverse = direction == "reverse" or place == 1
        early = w.shape[1] - late
        bias = torch.cat([wb[:early] + rb[:early], wb[early:]])
        gates = torch.matmul(x, w[place].T) + bias
        y, last = run_steps(gates, states, step_of(place, r[place], rb), sequence_lens, reverse)
        outputs.append(y)
        lasts.append(last)
    y = torch.stack(outputs, 1)
    ends = [torch.stack(state, 1 if layout else 0) for state in zip(*lasts, strict=True)]
    return [y.permute(2, 0, 1, 3) if layout else y, *ends]


def rnn(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    *,
    activation_alpha: tuple[float, ...] = (),
    activation_beta: tuple[float, ...] = (),
    activations: tuple[str, ...] = ("Tanh", "Tanh"),
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
) -> tuple[Tensor, Tensor]:
    """RNN: H = f(X W' + H R' + biases); Y (all steps) and Y_h (the last)."""
    functions = gate_functions(activations, activation_alpha, activation_beta, clip)

    def step_of(place: int, r: Tensor, rb: Tensor) -> Callable[[Tensor, list[Tensor]], list[Tensor]]:
        f = functions[place]
        return lambda gates, states: [f(torch.addmm(gates, states[0], r.T))]

    y, y_h = run_directions(
        x, w, r, b, [initial_h], sequence_lens, step_of, direction=direction, layout=layout
    )
    return y, y_h


def gru(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    *,
    activation_alpha: tuple[float, ...] = (),
    activation_beta: tuple[float, ...] = (),
    activations: tuple[str, ...] = (),
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
    linear_before_reset: int = 0,
) -> tuple[Tensor, Tensor]:
    """GRU with the gates z, r, h; Y (all steps) and Y_h (the last)."""
    names = activations or ("Sigmoid", "Tanh") * w.shape[0]
    functions = gate_functions(names, activation_alpha, activation_beta, clip)

    def step_of(place: int, r: Tensor, rb: Tensor) -> Callable[[Tensor, list[Tensor]], list[Tensor]]:
        f, g = functions[2 * place : 2 * place + 2]
        return lambda gates, states: [gru_step(gates, states[0], r, rb, f, g, linear_before_reset)]

    y, y_h = run_directions(
        x, w, r, b, [initial_h], sequence_lens, step_of, direction=direction, layout=layout, late=r.shape[2]
    )
    return y, y_h


def gru_step(
    gates: Tensor,
    h: Tensor,
    r: Tensor,
    rb: Tensor,
    f: Callable[[Tensor], Tensor],
    g: Callable[[Tensor], Tensor],
    linear_before_reset: int,
) -> Tensor:
    """One step of a GRU: the next hidden state."""
    size = h.shape[1]
    both = f(torch.addmm(gates[:, : 2 * size], h, r[: 2 * size].T))
    update, reset = both.chunk(2, 1)
    if linear_before_reset:
        new = g(gates[:, 2 * size :] + reset * (h @ r[2 * size :].T + rb[2 * size :]))
    else:
        new = g(gates[:, 2 * size :] + (reset * h) @ r[2 * size :].T + rb[2 * size :])
    return (1 - update) * new + update * h


def lstm(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    initial_c: Tensor | None = None,
    p: Tensor | None = None,
    *,
    activation_alpha: tuple[float, ...] = (),
    activation_beta: tuple[float, ...] = (),
    activations: tuple[str, ...] = (),
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    layout: int = 0,
) -> tuple[Tensor, Tensor, Tensor]:
    """LSTM with the gates i, o, f, c and peepholes P; Y (all steps), Y_h and Y_c (the last)."""
    names = activations or ("Sigmoid", "Tanh", "Tanh") * w.shape[0]
    functions = gate_functions(names, activation_alpha, activation_beta, clip)
    free = gate_functions(names, activation_alpha, activation_beta, None)

    def step_of(place: int, r: Tensor, rb: Tensor) -> Callable[[Tensor, list[Tensor]], list[Tensor]]:
        chosen = [*functions[3 * place : 3 * place + 2], free[3 * place + 2]]  # clip is for the gates alone
        peephole = None if p is None else p[place]
        return lambda gates, states: lstm_step(
            torch.addmm(gates, states[0], r.T), states[1], peephole, chosen, input_forget
        )

    y, y_h, y_c = run_directions(
        x, w, r, b, [initial_h, initial_c], sequence_lens, step_of, direction=direction, layout=layout
    )
    return y, y_h, y_c


def lstm_step(
    gates: Tensor,
    c: Tensor,
    peephole: Tensor | None,
    functions: list[Callable[[Tensor], Tensor]],
    input_forget: int,
) -> list[Tensor]:
    """One step of an LSTM: the next hidden and cell states."""
    f, g, h = functions
    i_gate, o_gate, f_gate, c_gate = gates.chunk(4, 1)
    if peephole is not None:
        p_i, p_o, p_f = peephole.chunk(3)
        i_gate, f_gate = i_gate + p_i * c, f_gate + p_f * c
    i_gate = f(i_gate)
    f_gate = 1 - i_gate if input_forget else f(f_gate)
    c = f_gate * c + i_gate * g(c_gate)
    o_gate = o_gate if peephole is None else o_gate + p_o * c
    return [f(o_gate) * h(c), c]
