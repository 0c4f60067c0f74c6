"""Does the backend see the requests that the proxy thinks it sent?"""
