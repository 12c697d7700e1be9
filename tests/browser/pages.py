"""What a page shows, as it is seen."""
import io

import numpy as np
from PIL import Image

from tests.browser.runs import BLUE


def expect(locator):
    """Playwright's assertions, which wait; imported late, so that all else can be where it is missing."""
    from playwright.sync_api import expect

    return expect(locator)


def colours(locator):
    """The colours of the rows of an element as it is seen, without neighbours that are the same."""
    picture = np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)
    found = []
    for colour in picture[:, picture.shape[1] // 3]:
        if colour.max() < 250 or tuple(colour) == BLUE:                  # neither gap nor edge
            if not found or np.abs(colour - found[-1]).max() > 20:
                found.append(tuple(colour))
    return found


def shows(page, kind, *expected):
    """Whether the picture of that kind comes to have rows of these colours, from its top."""
    page.evaluate("window.scrollTo(0, 0)")                       # from under the slider, which stays in sight
    canvas = page.locator(f"figure.{kind} canvas")
    for _ in range(50):
        found = colours(canvas)
        if len(found) >= len(expected) and np.abs(np.array(found[:len(expected)]) - expected).max() <= 8:
            return True
        page.wait_for_timeout(50)
    raise AssertionError(f"{kind}: {found} instead of {expected}")


def stands_out(page, scheme, *selectors):
    """Whether the text of elements stands out from what is behind it, which is dark in the 'dark' scheme."""
    for selector in selectors:
        ink, paper = (page.locator(selector).first.evaluate(f"""element => {{
            let at = element;
            while ('{what}' !== 'color' && getComputedStyle(at)['{what}'] === 'rgba(0, 0, 0, 0)')
                at = at.parentElement;
            return getComputedStyle(at)['{what}'].match(/[0-9]+/g).slice(0, 3).map(Number) }}""")
            for what in ("color", "backgroundColor"))
        assert contrast(ink, paper) >= 4.5, selector
        assert (np.mean(paper) < 128) == (scheme == "dark"), selector


def contrast(one, other):
    """The contrast ratio of WCAG 2."""
    def luminance(colour):
        c = np.array(colour) / 255
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)
