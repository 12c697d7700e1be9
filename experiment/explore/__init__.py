"""The explorer: a page on which a reader changes faces by hand.

    content.py    what a page holds: test faces, attribute vectors, principal directions of the encodings
    pages.py      a page as one file of HTML: live, or on its own with the decoder inside
    decoder.py    the decoder as numbers in half precision, for web/decoder.js
    uploads.py    from the bytes of an uploaded picture to a square of it; where its face is
    answers.py    what a live page asks of the model: pictures of z, z of pictures
    guard.py      who may ask: host, origin, token, size of the body
    server.py     HTTP, on this machine alone
    web/          the page: HTML, CSS, JavaScript

All arithmetic in z (sliders, mixing, walks, undo) is done by the page. A decoder, that of the server or that
inside of the page, gives it the picture of a z: so both kinds of page are one program.
"""
