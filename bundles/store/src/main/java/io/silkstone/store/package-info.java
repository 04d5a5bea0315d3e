/**
 * Tables of objects in log-structured memory (RAMCloud, TOCS 2015). {@link
 * io.silkstone.store.Store} puts memory, log, hash tables and cleaner together and is the {@link
 * io.silkstone.api.store.KvStore} of a node; {@link io.silkstone.store.StoreSession} is one
 * thread's way into it, from where every operation can be read from top to bottom; {@link
 * io.silkstone.store.StoreComponent} makes it a service.
 */
package io.silkstone.store;
