// What the triggers of a statement have taken and its end has to handle: plain data in memory of
// the transaction, in the order of statements, so that a statement within another one stands behind
// it.
#pragma once

#include "triggers.hpp"

namespace stockflow {

template <typename Item>
class WaitingList {
  public:
    void add(const Item &item) {
        if (count_ == capacity_) grow();
        slots_[count_++] = {item, GetCurrentSubTransactionId(), trigger_depth()};
    }
    int count() const { return count_; }
    Item &at(int index) { return slots_[index].item; }

    // The first item of the statement whose triggers are under way; those of statements around it
    // wait for their own end, since this one may yet be rolled back alone.
    int first_of_statement() const {
        const int depth = trigger_depth();
        int first = count_;
        while (first > 0 && slots_[first - 1].depth >= depth) first--;
        return first;
    }
    // Whether items wait that triggers deeper than this have taken.
    bool waits(int depth) const { return count_ > 0 && slots_[count_ - 1].depth > depth; }

    void truncate(int count) { count_ = count; }
    void forget(SubTransactionId failed) {
        while (count_ > 0 && slots_[count_ - 1].owner >= failed) count_--;
    }
    void forget_all() { *this = {}; }  // the memory goes with the transaction

  private:
    struct Slot {
        Item item;
        SubTransactionId owner;
        int depth;
    };

    void grow() {
        capacity_ = capacity_ == 0 ? 16 : capacity_ * 2;
        const Size size = sizeof(Slot) * capacity_;
        slots_ =
            static_cast<Slot *>(slots_ == nullptr ? MemoryContextAlloc(TopTransactionContext, size)
                                                  : repalloc_huge(slots_, size));
    }

    Slot *slots_ = nullptr;
    int count_ = 0;
    int capacity_ = 0;
};

}  // namespace stockflow
