"""The sealed log: who seals it, who checks it, proofs about it and what auditors take along."""
