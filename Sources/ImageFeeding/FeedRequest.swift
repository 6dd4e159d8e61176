internal import ImageStoreCore

/// What was asked of a feed.
struct FeedRequest: Sendable {
  let store: any ImageStore
  let masks: (store: any ImageStore, tensor: TensorFormat)?
  let batchSize: Int
  let position: FeedPosition
  let tensor: TensorFormat
  let augmentation: Augmentation
  let options: FeedOptions
}
