"""Linked groups: instances of one structure. What is edited in one changes in all, and each has its own weights.

Members of instances correspond by their names, which are the same in all instances; so nothing is stored but the
link's name at each group, a row `link.<group id>` of `meta`.
"""
