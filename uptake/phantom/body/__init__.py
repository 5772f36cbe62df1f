"""The anatomy: parts in painting order, a person's build, and the mapping that poses them."""
