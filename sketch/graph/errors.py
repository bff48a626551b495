"""Every way an edit, a rule or a layer file can be refused, each with one sentence for the person."""


class GraphError(Exception):
    """A refusal: the message says what, where and what to do; the graph is unchanged."""


class UnknownLayerError(GraphError):
    """The name is no layer of the library and no operator."""


class UnknownNodeError(GraphError):
    """The id is not in the graph."""


class UnknownPortError(GraphError):
    """The node has no such input or output."""


class PortTakenError(GraphError):
    """A single input already has a wire."""


class CycleError(GraphError):
    """The wire would close a loop."""


class WireError(GraphError):
    """The wire cannot exist (a group's border, a missing wire, the same wire twice)."""


class ParameterError(GraphError):
    """A parameter is unknown, of the wrong type, or out of its range."""


class NamingError(GraphError):
    """A name is empty, too long or taken in its group."""


class GroupError(GraphError):
    """Nodes cannot form, join or leave a group like this."""


class LinkError(GraphError):
    """Linked groups cannot all follow an edit, or groups cannot be linked; the message says which and why."""


class StaleDeltaError(GraphError):
    """A Delta does not fit the rows it is applied to."""


class LayerFileError(GraphError):
    """A layer file is wrong; the message starts with file:line:column."""


class ExpressionError(GraphError):
    """A dimension expression is wrong or asks for something unknown."""


class ShapeError(GraphError):
    """A layer cannot take what it is given.

    Args:
        message: what is wrong, with numbers.
        cure: what to do about it.
        port: index of the input at fault, if one is.
        param: name of the parameter at fault, if one is.
    """

    def __init__(self, message: str, cure: str = "", *, port: int | None = None, param: str | None = None):
        super().__init__(message)
        self.cure = cure
        self.port = port
        self.param = param
