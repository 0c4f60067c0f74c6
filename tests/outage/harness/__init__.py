"""The outage harness: processes, network, load, verdicts and the scenarios made of them."""
