// Whoever imports a codec means its formats and errors too: Docs/Design.md.
@_exported public import ImageStoreCore
