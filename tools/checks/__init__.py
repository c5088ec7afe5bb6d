"""One file per check, pure: a subject in, one judgement out. Found by folder (`tools.discovery`)."""
