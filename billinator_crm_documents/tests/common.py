import base64
import io

from pypdf import PdfReader
from reportlab.pdfgen import canvas

from odoo.addons.billinator_crm.tests.test_portal import PortalCase


def make_pdf(*texts, password=None):
    """Return a PDF in base64, with a page for each text."""
    buffer = io.BytesIO()
    # The same bytes for the same texts.
    pages = canvas.Canvas(buffer, invariant=1, encrypt=password)
    for text in texts:
        pages.drawString(72, 720, text)
        pages.showPage()
    pages.save()
    return base64.b64encode(buffer.getvalue()).decode()


def read_pages(content):
    """Return the text of each page of a PDF."""
    return [
        page.extract_text().strip() for page in PdfReader(io.BytesIO(content)).pages
    ]


class DocumentsCase(PortalCase):
    """A cover, terms, and a data sheet that is a file of its own; on no quote yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cover, cls.terms, cls.sheet = cls.documents = (
            cls._create_document("Cover", placement="before")
            | cls._create_document("Terms", placement="after")
            | cls._create_document("Sheet", placement="beside")
        )

    @classmethod
    def _create_document(cls, name, **values):
        return cls.env["billinator.quote.document"].create(
            {"name": name, "file": make_pdf(f"{name}, page 1"), **values}
        )
