"""A kernel with a planted fault: it writes ONNX, but every Tanh becomes a Sigmoid."""

from dataclasses import replace

from sketch.binder.kernel import KernelInfo
from sketch.graph.library import LayerLibrary
from sketch.kernels.onnx.kernel import OnnxKernel
from sketch.resources_root import resource_root


class Faulty(OnnxKernel):
    """Right in everything but Tanh."""

    info = KernelInfo("faulty", "Faulty", (".faulty",), (".faulty",))

    def recognises(self, path, head):
        return path.suffix == ".faulty"

    def export_model(self, network, path, options, task):
        sigmoid = LayerLibrary.load(resource_root() / "layers")["Sigmoid"]
        steps = tuple(
            replace(step, layer="Sigmoid", spec=sigmoid) if step.layer == "Tanh" else step
            for step in network.steps
        )
        return super().export_model(replace(network, steps=steps), path, options, task)


KERNEL = Faulty()
