"""`python -m deploy.admission`: writes executor.yaml anew from the actions."""

from pathlib import Path

from deploy.admission.policy import text

FILE = Path(__file__).with_name("executor.yaml")

if __name__ == "__main__":
    FILE.write_text(text())
