/**
 * Arachne's own core policy: more cores when threads queue, fewer when they idle. Read {@link
 * io.silkstone.policies.coresloadfactor.LoadFactorPolicy}; the component only gives it its
 * settings.
 */
package io.silkstone.policies.coresloadfactor;
