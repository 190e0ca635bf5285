"""The web page: reports and comparisons in a browser, server-rendered, without scripts."""
