"""Passes on the resources of a rendered chart, without those of kinds that a cluster cannot know.

    known.py RENDERED KIND,KIND
"""

import sys

import yaml

resources = yaml.safe_load_all(open(sys.argv[1]))
yaml.safe_dump_all([each for each in resources if each and each["kind"] not in sys.argv[2].split(",")], sys.stdout)
