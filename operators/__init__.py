"""MONAI Deploy operators: ports, one call of ``uptake``, emit.

What Holoscan needs of the process has to be there before any module here imports the SDK, so this is the one place
that sees to it; ``apps.monai_deploy`` imports this package first for the same reason.
"""

from operators.holoscan_needs import load_cuda_runtime, raise_stack_limit

load_cuda_runtime()
raise_stack_limit()
