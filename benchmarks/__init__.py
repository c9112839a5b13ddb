"""How fast it is: `python -m benchmarks`, or `make bench`. The findings: docs/performance.md."""
