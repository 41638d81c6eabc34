"""A simulated quarter of alerts, in which everything goes wrong, beside a plain calculation of what is to be told."""
