<?xml version="1.0" encoding="UTF-8"?>
<lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" version="1.0" alphabet="ipa" xml:lang="en">
  <lexeme>
    <grapheme>Niamh</grapheme>
    <phoneme>niːv</phoneme>
    <alias>Neeve</alias>
  </lexeme>
  <lexeme>
    <grapheme>Tadhg</grapheme>
    <phoneme>taɪɡ</phoneme>
    <alias>Tige</alias>
  </lexeme>
</lexicon>
