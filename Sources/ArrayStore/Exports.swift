// Users of this module need its protocol, formats and errors too, so they are exported with it
// (Docs/Design.md).
@_exported public import ImageStoreCore
