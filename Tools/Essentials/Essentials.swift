// Nothing but imports: building this target builds every library that needs neither liblmdb nor libhdf5.
import ArrayStore
import CIFAR10
import FileStore
import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import JPEGCodec
import NPZStore
import ObjectStorage
import PNGCodec
import PackedBitStore
import ShardedStore
