"""Holds an XML file against a schema: xsd.py SCHEMA FILE"""

import sys

from lxml import etree

schema, document = (etree.parse(path) for path in sys.argv[1:])
schema = etree.XMLSchema(schema)
if not schema.validate(document):
    sys.exit("\n".join(f"{error.line}: {error.message}" for error in schema.error_log))
