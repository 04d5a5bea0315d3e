/**
 * A store as a server of a cluster: {@link io.silkstone.store.master.Membership} keeps its lease
 * and has it own what the coordinator says, {@link io.silkstone.store.master.MasterService} serves
 * the requests of clients.
 */
package io.silkstone.store.master;
