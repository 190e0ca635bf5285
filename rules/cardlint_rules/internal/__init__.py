"""Rules about the run itself: ignores that ended, matched nothing or name no rule; crashes."""
