"""The engines that speak, behind one protocol."""
