"""The commands of the Group menu on linked, repeated and kept groups: one row each."""

from __future__ import annotations

from sketch.gui import reasons
from sketch.gui.action_rows import Action, later
from sketch.gui.group_reasons import no_groups_selected, not_one_linked, nothing_linked, too_few_layers

LINKS = (
    Action(
        "group.duplicate_linked",
        "&Duplicate linked",
        "Group",
        later("group_commands", "duplicate_linked"),
        no_groups_selected,
        "A copy that changes with the group: edit one, all change; weights are separate",
        scope="canvas",
        apart=True,
    ),
    Action(
        "group.link",
        "&Link equal groups",
        "Group",
        later("group_commands", "link"),
        no_groups_selected,
        "Link the selected groups, or all that are equal to the selected one",
        scope="canvas",
    ),
    Action(
        "group.unlink",
        "U&nlink",
        "Group",
        later("group_commands", "unlink"),
        nothing_linked,
        "Let the group stand alone; what it holds stays",
        scope="canvas",
    ),
    Action(
        "group.select_linked",
        "Select the lin&ked groups",
        "Group",
        later("group_commands", "select_linked"),
        not_one_linked,
        "Select all groups of this canvas that change with the selected one",
    ),
    Action(
        "group.repeat",
        "&Repeat...",
        "Group",
        later("group_commands", "repeat"),
        reasons.not_one_group,
        "The group several times in series, linked, each with weights of its own",
        scope="canvas",
        apart=True,
    ),
    Action(
        "group.find_repeats",
        "F&ind repeated blocks...",
        "Group",
        later("group_commands", "find_repeats"),
        too_few_layers,
        "Layers that occur again and again, to fold them into linked groups",
    ),
    Action(
        "group.ports",
        "&Ports",
        "Group",
        later("group_commands", "show_ports"),
        reasons.not_one_group,
        "Order, name, expose and hide the inputs and outputs of the group",
    ),
    Action(
        "group.publish",
        "Publish to the &toolbox...",
        "Group",
        later("group_blocks", "publish"),
        reasons.not_one_group,
        "Keep the group as a block of your own, with a name, a description and a picture",
        apart=True,
    ),
    Action(
        "group.import_block",
        "I&mport a block...",
        "Group",
        later("group_commands", "import_block"),
        hint="Take a block from a file into the toolbox",
    ),
)
