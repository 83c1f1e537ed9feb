import Testing

/// Tests on real processes of the built command. One after the other: they share two cores and measure each other otherwise.
@Suite(.serialized, .sandboxed)
enum Integration {}
