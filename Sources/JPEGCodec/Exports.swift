// Users of this module need its formats and errors too, so they are exported with it (Docs/Design.md).
@_exported public import ImageStoreCore
