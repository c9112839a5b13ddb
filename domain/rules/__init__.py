"""What a shop lets happen by itself: rules as published data, judged on events."""
