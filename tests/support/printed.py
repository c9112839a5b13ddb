"""Papers as a person reads them: the text of a PDF, and papers of a small shop."""

from io import BytesIO

from pypdf import PdfReader

from domain.templates.offered import Setting
from infra.pdf import typeset
from services.papers import Papers
from tests.integration.projections.world import World

SELLER = ("Tea Ltd", "VAT DE123")


def text_of(pdf: bytes) -> str:
    """Give what stands on all pages, each run of blanks as one."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def papers_of(world: World, language: str = "en") -> Papers:
    return Papers(world.pipeline_log, Setting(language, "Europe/Berlin"), SELLER, typeset)
