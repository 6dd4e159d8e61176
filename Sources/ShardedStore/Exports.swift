// Whoever imports a store means its protocol, formats and errors too: Docs/Design.md.
@_exported public import ImageStoreCore
