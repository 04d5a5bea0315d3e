package io.silkstone.client;

import io.silkstone.api.store.KvStore;

/** A table of the cluster. */
record RemoteTable(ClusterStore store, int id, String name, int replicas) implements KvStore.Table {
    @Override
    public long objects() {
        return store.countObjects(id);
    }
}
