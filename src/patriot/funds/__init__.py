"""Each agency's response fund: budget, commitments, spending. Small and enough money: approved at once."""
