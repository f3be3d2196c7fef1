"""Google's discovery documents: the methods, parameters and fields of the APIs that this sandbox serves.

documents     loads a document and matches a request to one of its methods
fields        checks a JSON body against a schema
parameters    checks the parameters of a query
middleware    does both for every request, before a service sees it

https://developers.google.com/discovery/v1/reference/apis
"""
