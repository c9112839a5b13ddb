"""What readers see: disposable tables, each made from the events by one read model."""
