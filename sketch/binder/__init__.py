"""How a network leaves and enters: kernels, jobs in worker processes, the tensor store. Never imports a framework."""
