"""One file per claim; each prints ratios against a peer that ran in the same process or pair by pair."""
