"""What engines that run on this machine share: reading a text, joining its parts, worker processes."""
