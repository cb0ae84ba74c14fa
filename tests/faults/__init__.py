"""What clusters do to a run: kills, full disks, servers that go away; no event is lost by it."""
