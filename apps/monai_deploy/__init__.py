"""The MONAI Deploy application: ``python -m apps.monai_deploy -i INPUT -o OUTPUT -m models``."""

import operators  # noqa: F401  what Holoscan needs, before anything here imports the SDK
