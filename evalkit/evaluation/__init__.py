"""One study's estimates together: its card, its gate and its verdict."""
