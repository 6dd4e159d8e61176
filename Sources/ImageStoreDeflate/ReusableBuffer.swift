package import ImageStoreCore

package typealias ReusableBuffer = GrowingMemory
