"""Who may propose, approve, execute and undo, and when: pure, and nothing here looks anything up."""
